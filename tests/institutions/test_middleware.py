"""What is sent to us is looked at before it is read."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

SIGN_IN = reverse("account_login")


@pytest.mark.django_db
@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_what_is_larger_than_any_form_is_refused_unread(settings, more, status):
    body = "login=a&password=b"
    settings.LARGEST_BODY = len(body) - more
    answered = Client().post(SIGN_IN, body, content_type="application/x-www-form-urlencoded")
    assert answered.status_code == status


def test_the_refusal_says_so_in_the_persons_language_and_asks_no_database(settings):
    settings.LARGEST_BODY = 0
    client = Client()
    client.cookies["django_language"] = "ru"
    answered = client.post(SIGN_IN, {"login": "a"})
    assert (answered.status_code, answered["Cache-Control"]) == (413, "no-store")
    assert "Отправленное слишком велико" in answered.content.decode()
