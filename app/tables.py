"""Every table of the program, so that migrations and tests see them all."""

from sqlmodel import SQLModel

from app.accounts import models as accounts
from app.activities import models as activities
from app.audit import models as audit
from app.channels import models as channels
from app.content import models as content
from app.engagement import models as engagement
from app.evidence import models as evidence
from app.notices import models as notices
from app.posts import models as posts
from app.publishing import models as publishing
from app.reports import models as reports
from app.tahapan import models as tahapan
from app.training import models as training
from app.webhooks import models as webhooks
from app.wilayah import models as wilayah

ROOMS = (
    accounts, activities, audit, channels, content, engagement, evidence, notices, posts, publishing, reports, tahapan, training, wilayah, webhooks,
)  # fmt: skip

metadata = SQLModel.metadata
