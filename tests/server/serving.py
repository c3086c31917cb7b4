"""A service in this process, and what its tests have in common."""

from __future__ import annotations

import contextlib

import httpx

import vikt
from vikt.server.app import ROUTES, application
from vikt.server.copies import copies
from vikt.server.handlers import Handlers
from vikt.server.metrics import Metrics
from vikt.server.models import Models
from vikt.server.settings import Settings

TEXTS = ["win money now", "lunch på fredag", "win a prize", "the report"] * 3
LABELS = ["spam", "ham"] * 6


def saved(path, texts=TEXTS, labels=LABELS, **options):
    """A small model at a path."""
    vikt.TextClassifier(**{"min_df": 1, "l2": 0.01, **options}).fit(texts, labels).save(path, force=True)
    return path


@contextlib.asynccontextmanager
async def service(files, **options):
    """A client of a service of some models, and what handles its requests."""
    settings = Settings(models=files, **options)
    with copies() as folder:
        models, metrics = Models.read(files, folder), Metrics.of(ROUTES, files, 1)
        models.warm_up()
        with contextlib.closing(Handlers(models, settings, metrics)) as handlers:
            transport = httpx.ASGITransport(application(handlers), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield client, handlers
