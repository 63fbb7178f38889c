"""The part of a form that takes photos: what is refused is said of each file, in words that tell what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compliance import photos, pictures
from compliance.pictures import Fault, NotAPhoto, Picture

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]

_FAULTS: Final = {
    Fault.EMPTY: _("the file is empty. Choose it again."),
    Fault.TOO_LARGE: _("the file is too large. Take the photo with a smaller size, or send a copy made smaller."),
    Fault.TOO_MANY_PIXELS: _("the picture has too many pixels. Take the photo with a smaller size."),
    Fault.TOO_SMALL: _("the picture is so small that nothing can be seen on it. Send the photo itself, not its icon."),
    Fault.HEIC: _(
        "this is a HEIC photo, which not every computer can show. On an iPhone choose Settings, Camera, Formats, "
        "“Most Compatible” and take it again, or send it as JPEG."
    ),
    Fault.DOCUMENT: _(
        "this is a document, not a photo. Name its number, issuer and dates in the fields above; the document itself "
        "stays with you."
    ),
    Fault.DRAWING: _("this is a drawing, not a photo. Plans and layouts are never sent; send a photo as JPEG."),
    Fault.BROKEN: _("the photo is damaged and cannot be opened. Take it or copy it again."),
    Fault.UNKNOWN: _("this is not a photo. Send a JPEG, PNG or WebP picture."),
}


def in_words(fault: Fault) -> str:
    return str(_FAULTS[fault])


class PhotoUploadHandler(FileUploadHandler):
    """Stops keeping a file that is too large while it comes in, so that gigabytes never reach the disk.

    The rest of the form is read on: what was typed is not lost. The request remembers the names.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.came = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.came += len(raw_data)
        if self.came > pictures.MOST_BYTES:
            self.request.photos_too_large = [  # type: ignore[union-attr]  # Django sets the request
                *too_large_of(self.request),
                self.file_name or "",
            ]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""


def too_large_of(request: object) -> list[str]:
    """The names of files that `PhotoUploadHandler` let go by."""
    return getattr(request, "photos_too_large", [])


class PhotosInput(forms.ClearableFileInput):
    """Takes several files. A phone asks whether to take a photo or to choose one.

    Without `capture`, which would leave only the camera; with the kinds named one by one, for which an iPhone sends
    its HEIC photos as JPEG.
    """

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"

    def __init__(self) -> None:
        super().__init__(attrs={"accept": "image/jpeg,image/png,image/webp", "multiple": True})


class PhotosField(forms.FileField):
    """Files that were sent, unread; the form reads them by `read_photos`."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        return [file for file in data or [] if isinstance(file, UploadedFile)]


def read_photos(files: Iterable[Upload], too_large: Iterable[str] = ()) -> tuple[list[Picture], list[str]]:
    """The pictures that were taken, and a sentence for each file that was not."""
    good: list[Picture] = []
    refused = [_sentence(name, Fault.TOO_LARGE) for name in too_large]
    for number, file in enumerate(files):
        if number == photos.MOST:
            refused.append(no_room())
            break
        try:
            good.append(pictures.read(file.read(pictures.MOST_BYTES + 1)))
        except NotAPhoto as wrong:
            refused.append(_sentence(file.name or "", wrong.fault))
    return good, refused


def no_room() -> str:
    # Translators: %(most)s is a number
    return gettext("An answer has room for %(most)s photos. Choose those that show it best.") % {"most": photos.MOST}


def help_text() -> str:
    # Translators: %(most)s is a number, %(size)s a size such as 15 MB
    return gettext(
        "Up to %(most)s photos, each at most %(size)s: JPEG, PNG or WebP. They are stored when you save or send; place "
        "and time are kept for the approver and taken out of the picture."
    ) % {"most": photos.MOST, "size": filesizeformat(pictures.MOST_BYTES)}


def _sentence(name: str, fault: Fault) -> str:
    # Translators: the name of a file and what is wrong with it
    return gettext("“%(name)s”: %(fault)s") % {"name": name, "fault": in_words(fault)}
