"""What the guard found in a post, as choices for the reviewer who lets one pass."""

from app.posts.service import PostView


def exemptible(post: PostView) -> list[tuple[str, str]]:
    """Rule and title of what the guard found and nobody has let pass; what X forbids cannot be let pass."""
    found = [one for one in post.guard if not one.get("exempt") and not str(one["rule"]).startswith("X0")]
    return list(
        {str(one["rule"]): (str(one["rule"]), str(one.get("title") or one["reason"])) for one in found}.values()
    )
