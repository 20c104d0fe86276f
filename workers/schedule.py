"""How often the sweeps run. Everything here can be lost and found again: the database knows what is to be done."""

from arq import cron, func
from arq.cron import CronJob
from arq.worker import Function

from workers import tasks

_EVERY_5 = set(range(0, 60, 5))

# A kept result would swallow the next ring of the same name (arq 0.28).
FUNCTIONS: list[Function] = [
    func(tasks.prepare_media, keep_result=0, timeout=120, max_tries=1),
    func(tasks.grow_series, keep_result=0, timeout=600, max_tries=1),
    func(tasks.collect_metrics, keep_result=0, timeout=120, max_tries=1),
]
CRON: list[CronJob] = [
    cron(tasks.prepare_media, second=_EVERY_5, keep_result=0, timeout=120, max_tries=1),
    # By one name over all ticks and workers: an upload that is under way must not begin again.
    cron(tasks.prepare_videos, second=_EVERY_5, job_id="prepare_videos", keep_result=0, timeout=1500, max_tries=1),
    cron(tasks.collect_metrics, second=_EVERY_5, keep_result=0, timeout=120, max_tries=1),
    cron(tasks.gather_webhooks, second=_EVERY_5, keep_result=0, timeout=120, max_tries=1),
    cron(tasks.send_webhooks, second=_EVERY_5, keep_result=0, timeout=180, max_tries=1),
    cron(tasks.mail_recaps, second={25}, keep_result=0, timeout=500, max_tries=1),
    # By one name over all ticks and workers: X bills each reading.
    cron(tasks.collect_followers, second={20, 50}, job_id="collect_followers", keep_result=0, timeout=180, max_tries=1),
    # By one name over all ticks and workers: X bills each reading.
    cron(tasks.read_back, second={5, 35}, job_id="read_back", keep_result=0, timeout=300, max_tries=1),
    cron(tasks.close_finished, second=_EVERY_5, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.recheck_posts, second=_EVERY_5, keep_result=0, timeout=120, max_tries=1),
    cron(tasks.watch_reviews, second={0, 15, 30, 45}, keep_result=0, timeout=120, max_tries=1),
    cron(tasks.grow_series, second={15, 45}, keep_result=0, timeout=600, max_tries=1),
    cron(tasks.keep_channels, second=_EVERY_5, keep_result=0, timeout=180, max_tries=1),
    cron(tasks.revoke_tokens, second={5, 35}, job_id="revoke_tokens", keep_result=0, timeout=600, max_tries=1),
    cron(tasks.look_ahead, second={10, 40}, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.forget_old_connections, hour=3, minute=41, second=0, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.forget_old_calls, minute=17, second=0, keep_result=0, timeout=60, max_tries=1),
    # By one name over all workers: two backups of one hour would only cost.
    cron(tasks.take_backup, minute=23, second=0, job_id="take_backup", keep_result=0, timeout=3600, max_tries=1),
    cron(tasks.sweep_media, minute=41, second=0, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.seal_audit, second=_EVERY_5, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.watch_deadlines, second=35, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.end_terms, second=50, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.tell_head, minute=_EVERY_5, second=20, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.spread_notices, second=_EVERY_5, keep_result=0, timeout=60, max_tries=1),
    cron(tasks.send_notices, second=_EVERY_5, keep_result=0, timeout=180, max_tries=1),
]
