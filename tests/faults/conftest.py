from tests.web.conftest import clip  # noqa: F401
