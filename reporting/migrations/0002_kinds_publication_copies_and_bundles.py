import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import reporting.models


def remove_drafts(apps, schema_editor):
    """Briefs were drafts without a code and with records of another shape; asking again makes them anew."""
    apps.get_model("reporting", "Brief").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0002_initial"),
        ("institutions", "0001_initial"),
        ("reporting", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(remove_drafts, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="BriefBundle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(default="kk", max_length=2, verbose_name="language")),
                ("expected", models.PositiveSmallIntegerField(default=0, verbose_name="how many briefs")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("making", "its briefs are being made"),
                            ("ready", "ready"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("file", models.FileField(blank=True, max_length=200, upload_to="bundles/", verbose_name="file")),
                ("file_hash", models.CharField(blank=True, max_length=64)),
                ("requested_at", models.DateTimeField(verbose_name="requested at")),
                ("claimed_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "bundle of briefs",
                "verbose_name_plural": "bundles of briefs",
                "ordering": ["-requested_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="BriefCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("file_hash", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "verbose_name": "copy of a brief",
                "verbose_name_plural": "copies of briefs",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="brief",
            name="brief_once_a_snapshot",
        ),
        migrations.RemoveField(
            model_name="brief",
            name="scope",
        ),
        migrations.AddField(
            model_name="brief",
            name="against",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="compliance.period",
                verbose_name="earlier period",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="checks",
            field=models.JSONField(blank=True, default=list, verbose_name="checks"),
        ),
        migrations.AddField(
            model_name="brief",
            name="code",
            field=models.CharField(
                default=reporting.models.new_code, max_length=20, unique=True, verbose_name="code of verification"
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="explanations",
            field=models.JSONField(blank=True, default=list, verbose_name="explanations"),
        ),
        migrations.AddField(
            model_name="brief",
            name="institution",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="briefs",
                to="institutions.institution",
                verbose_name="institution",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="kind",
            field=models.CharField(
                choices=[
                    ("country", "country"),
                    ("region", "region"),
                    ("institution", "institution sheet"),
                    ("comparison", "comparison of two quarters"),
                ],
                default="country",
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="official_use",
            field=models.BooleanField(
                default=False,
                help_text="It names institutions; readers get copies with their name.",
                verbose_name="for official use",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="publication",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("published", "published"),
                    ("superseded", "superseded"),
                    ("withdrawn", "withdrawn"),
                ],
                default="draft",
                max_length=12,
                verbose_name="publication",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="published_at",
            field=models.DateTimeField(null=True, verbose_name="published at"),
        ),
        migrations.AddField(
            model_name="brief",
            name="published_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="published by",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="briefs",
                to="institutions.region",
                verbose_name="region",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="signer",
            field=models.CharField(blank=True, max_length=300, verbose_name="signed by"),
        ),
        migrations.AddField(
            model_name="brief",
            name="site",
            field=models.CharField(blank=True, max_length=200, verbose_name="address of the register"),
        ),
        migrations.AddField(
            model_name="brief",
            name="subject",
            field=models.CharField(default="KZ", max_length=20, verbose_name="subject"),
        ),
        migrations.AddField(
            model_name="brief",
            name="superseded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="supersedes",
                to="reporting.brief",
                verbose_name="superseded by",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="unsigned",
            field=models.FileField(
                blank=True, max_length=200, upload_to="briefs/", verbose_name="file before its signature"
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="unsigned_hash",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="brief",
            name="withdrawal_reason",
            field=models.TextField(blank=True, verbose_name="reason of the withdrawal"),
        ),
        migrations.AddField(
            model_name="brief",
            name="withdrawn_at",
            field=models.DateTimeField(null=True, verbose_name="withdrawn at"),
        ),
        migrations.AddField(
            model_name="brief",
            name="withdrawn_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="withdrawn by",
            ),
        ),
        migrations.AlterField(
            model_name="brief",
            name="file_hash",
            field=models.CharField(blank=True, db_index=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="brief",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "queued"),
                    ("checking", "being checked"),
                    ("rendering", "being rendered"),
                    ("signing", "being signed"),
                    ("ready", "ready"),
                    ("refused", "refused"),
                    ("failed", "failed"),
                ],
                default="queued",
                max_length=12,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.UniqueConstraint(
                fields=("kind", "subject", "period", "language", "snapshot_hash"), name="brief_once_a_snapshot"
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.UniqueConstraint(
                condition=models.Q(("publication", "published")),
                fields=("kind", "subject", "period", "language"),
                name="brief_one_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("against", None), ("institution", None), ("kind", "country"), ("region", None)),
                    models.Q(("against", None), ("institution", None), ("kind", "region"), ("region__isnull", False)),
                    models.Q(
                        ("against", None), ("institution__isnull", False), ("kind", "institution"), ("region", None)
                    ),
                    models.Q(
                        ("against__isnull", False), ("institution", None), ("kind", "comparison"), ("region", None)
                    ),
                    _connector="OR",
                ),
                name="brief_kind_has_its_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("publication", "draft"),
                    models.Q(("published_at__isnull", False), ("state", "ready")),
                    _connector="OR",
                ),
                name="brief_published_is_ready",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("publication", "draft"),
                    ("kind", "institution"),
                    models.Q(
                        ("published_by__isnull", False),
                        models.Q(
                            ("requested_by", None),
                            models.Q(("published_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="brief_published_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("publication", "withdrawn"), _negated=True),
                    models.Q(
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        models.Q(("withdrawal_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="brief_withdrawn_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("publication", "superseded"), _negated=True),
                    ("superseded_by__isnull", False),
                    _connector="OR",
                ),
                name="brief_superseded_names_its_successor",
            ),
        ),
        migrations.AddField(
            model_name="briefbundle",
            name="briefs",
            field=models.ManyToManyField(related_name="bundles", to="reporting.brief", verbose_name="briefs"),
        ),
        migrations.AddField(
            model_name="briefbundle",
            name="period",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="compliance.period",
                verbose_name="period",
            ),
        ),
        migrations.AddField(
            model_name="briefbundle",
            name="requested_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="briefcopy",
            name="brief",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="reporting.brief",
                verbose_name="brief",
            ),
        ),
        migrations.AddField(
            model_name="briefcopy",
            name="reader",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="reader",
            ),
        ),
        migrations.AddConstraint(
            model_name="briefbundle",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready"), _negated=True),
                    models.Q(models.Q(("file", ""), _negated=True), models.Q(("file_hash", ""), _negated=True)),
                    _connector="OR",
                ),
                name="bundle_ready_has_file",
            ),
        ),
    ]
