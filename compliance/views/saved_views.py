"""A person's views of the review queue: kept, opened, renamed, thrown away, one of them opening by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compliance import saved_views
from compliance.forms import SavedViewForm
from compliance.models import SavedView
from institutions import access
from institutions.http import AuthenticatedRequest


@require_http_methods(["GET", "HEAD", "POST"])
def view_list(request: AuthenticatedRequest) -> HttpResponse:
    """One's own views; POST keeps a query (`query`) under a name and opens it."""
    if not access.roles_of(request.user) & access.DECIDE:
        raise Http404
    query = saved_views.canonical(request.POST.get("query", request.GET.urlencode()))
    if request.method != "POST":
        return _list(request, SavedViewForm(), query)
    form = SavedViewForm(request.POST, instance=SavedView(person=request.user))
    if not form.is_valid():
        return _list(request, form, query, status=422)
    try:
        view = saved_views.save(request.user, form.cleaned_data["name"], query, now=timezone.now())
    except saved_views.TooManyViews:
        form.add_error("name", _("You have as many views as there is room for: throw one away first."))
        return _list(request, form, query, status=422)
    messages.success(request, _("The view is kept: %(name)s.") % {"name": view.name})
    return redirect(address_of(view))


@require_POST
def rename(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    view = _own(request, pk)
    form = SavedViewForm(request.POST, instance=view)
    if not form.is_valid():
        return _list(request, SavedViewForm(), "", renaming=form, status=422)
    saved_views.rename(view, form.cleaned_data["name"], now=timezone.now())
    messages.success(request, _("The view is called %(name)s now.") % {"name": view.name})
    return redirect("compliance:saved_views")


@require_POST
def delete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    view = _own(request, pk)
    saved_views.delete(view, now=timezone.now())
    messages.success(request, _("The view is thrown away: %(name)s.") % {"name": view.name})
    return redirect("compliance:saved_views")


@require_POST
def open_by_itself(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The queue opens with this view (`on`: yes), or with everything."""
    view = _own(request, pk)
    saved_views.open_by_itself(view, on=request.POST.get("on") == "yes", now=timezone.now())
    messages.success(request, _("Your choice is kept."))
    return redirect("compliance:saved_views")


def address_of(view: SavedView) -> str:
    return f"{reverse('compliance:queue')}?{view.query or 'all=1'}"


def _own(request: AuthenticatedRequest, pk: int) -> SavedView:
    return get_object_or_404(SavedView.objects.of(request.user).select_related("person"), pk=pk)


def _list(
    request: AuthenticatedRequest,
    form: SavedViewForm,
    query: str,
    *,
    renaming: SavedViewForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Each view with its address and the form that renames it: the refused one as it was typed."""
    rows = [
        (
            view,
            address_of(view),
            renaming
            if renaming is not None and renaming.instance.pk == view.pk
            else SavedViewForm(initial={"name": view.name}, auto_id=f"id_{view.pk}_%s"),
        )
        for view in SavedView.objects.of(request.user)
    ]
    context = {"rows": rows, "form": form, "query": query}
    return render(request, "compliance/saved_views.html", context, status=status)
