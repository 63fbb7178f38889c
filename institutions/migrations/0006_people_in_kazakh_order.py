from django.db import migrations, models

import institutions.fields


def fill(apps, schema_editor):
    """The column makes its key itself, whenever it is saved."""
    User = apps.get_model("institutions", "User")
    for user in User.objects.order_by("pk").only("full_name").iterator():
        user.save(update_fields=["sort_kk"])


class Migration(migrations.Migration):
    dependencies = [
        ("institutions", "0005_second_level"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={"ordering": ["sort_kk", "pk"], "verbose_name": "person", "verbose_name_plural": "people"},
        ),
        migrations.AddField(
            model_name="user",
            name="sort_kk",
            field=institutions.fields.KazakhSortKeyField(
                default="", editable=False, max_length=400, source="full_name"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["sort_kk"], name="person_sort_kk"),
        ),
    ]
