"""What WeasyPrint leaves undone in a PDF that is PDF/A-3a and PDF/UA-1 at once; the last step before the bytes.

Works on WeasyPrint's own objects and boxes, which promise nothing from one version to the next: the requirement
names one major version, and the tests judge the file by veraPDF. References are to ISO 32000-1 (PDF 1.7).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pydyf

from reporting.attachments import AttachedFile
from reporting.signing import FIELD

Finisher = Callable[[Any, Any], None]

# PDF/UA-1 (ISO 14289-1, clause 5) wants its mark in the XMP; PDF/A (ISO 19005-3, 6.6.2.3.3) wants every property
# that it does not know described.
_UA_MARK = """\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about=""
  xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
  xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
  xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
  <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
    <pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
    <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
    <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
    <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
      <pdfaProperty:name>part</pdfaProperty:name>
      <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
      <pdfaProperty:category>internal</pdfaProperty:category>
      <pdfaProperty:description>The part of ISO 14289 that the file conforms to</pdfaProperty:description>
    </rdf:li></rdf:Seq></pdfaSchema:property>
  </rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
_PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="r"?>'
_SCOPES = {"row": "/Row", "rowgroup": "/Row", "col": "/Column", "colgroup": "/Column"}


class PictureWithoutWords(ValueError):
    """A picture has no alternative text: `alt` on an <img>, <title> in an <svg>."""


class NoPlaceForSeal(ValueError):
    """A signature is asked for, and no element of the document has the id "seal"."""


def finisher(files: Sequence[AttachedFile], *, seal: str = "") -> Finisher:
    """The argument of that name for `Document.write_pdf`; `files` are those embedded in the document.

    `seal`, where given, says what the empty signature field is that is laid over the element with the id "seal".
    Raises `PictureWithoutWords` and `NoPlaceForSeal` out of the writing.
    """

    def finish(document: Any, pdf: Any) -> None:
        _refuse_pictures_without_words(pdf)
        _mark_as_accessible(document, pdf)
        _describe_tables(document, pdf)
        _name_the_kinds_of_files(pdf, files)
        if seal:
            _lay_a_signature_field(document, pdf, seal)

    return finish


def _refuse_pictures_without_words(pdf: Any) -> None:
    mute = sum(one.get("S") == "/Figure" and "Alt" not in one for one in pdf.objects if isinstance(one, dict))
    if mute:
        raise PictureWithoutWords(f"Pictures without an alternative text: {mute}")


def _mark_as_accessible(document: Any, pdf: Any) -> None:
    """Say in the XMP that the file is PDF/UA-1 too, and write it as plain text, so that any tool can read it."""
    rdf = document.metadata.generate_rdf_metadata("a", 3, "A").decode()
    rdf = rdf.replace("</rdf:RDF>", _UA_MARK + "</rdf:RDF>")
    metadata = _object(pdf, pdf.catalog["Metadata"])
    metadata.stream = [_PACKET.format(f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>').encode()]
    metadata.compress = False


def _describe_tables(document: Any, pdf: Any) -> None:
    """Give headers their /Scope, cells the right /Headers, and the tree its index of headers (14.7.2, 14.8.5.7).

    WeasyPrint's own /Headers ignore that a header may span columns, and are a column off below one that spans
    rows: a reader of the annex would hear the wrong heading.
    """
    headers = []
    for table in _tables(document):
        above: dict[int, list[Any]] = {}
        for beside, cells in _grid(table):
            for column, cell in cells:
                tag, spanned = cell.mark, range(column, column + cell.colspan)
                if cell.element_tag == "th":
                    headers.append(tag)
                    scope = tag["A"]["Scope"] = _SCOPES[cell.element.get("scope", "col")]
                    if scope == "/Column":
                        for each in spanned:
                            above.setdefault(each, []).append(tag["ID"])
                else:
                    over = [key for each in spanned for key in above.get(each, ())]
                    tag["A"]["Headers"] = pydyf.Array(dict.fromkeys([*beside, *over]))
    if headers:
        names = pydyf.Array()
        for tag in sorted(headers, key=lambda tag: tag["ID"].data):
            names.extend((tag["ID"], tag.reference))
        _object(pdf, pdf.catalog["StructTreeRoot"])["IDTree"] = pydyf.Dictionary({"Names": names})


def _tables(document: Any) -> Iterator[Any]:
    """All tables, a piece of one on each page counting as one, as they do in the tree of tags."""
    for page in document.pages:
        for box in page._page_box.descendants():
            if hasattr(box, "column_groups"):
                yield box


def _grid(table: Any) -> Iterator[tuple[list[Any], list[tuple[int, Any]]]]:
    """Row by row: the keys of the row's own headers, and its cells with the column in which each begins."""
    rows = [row for group in table.children for row in group.children]
    spanning: dict[int, int] = {}  # column → rows that a cell above still covers
    for row in rows:
        column, cells = 0, []
        for cell in row.children:
            while spanning.get(column):
                column += 1
            cells.append((column, cell))
            column += cell.colspan
        spanning = {each: left - 1 for each, left in spanning.items() if left > 1}
        for start, cell in cells:
            if cell.rowspan > 1:
                spanning |= dict.fromkeys(range(start, start + cell.colspan), cell.rowspan - 1)
        beside = [
            cell.mark["ID"]
            for _, cell in cells
            if cell.element_tag == "th" and cell.element.get("scope") in ("row", "rowgroup")
        ]
        yield beside, cells


def _name_the_kinds_of_files(pdf: Any, files: Sequence[AttachedFile]) -> None:
    """List each embedded file once, with its own media type: WeasyPrint asks the system, which may not know it."""
    if not files:
        return
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    kinds = {file.name: file.media_type for file in files}
    for reference in pdf.catalog["AF"]:
        listed = _object(pdf, reference)
        stream = _object(pdf, listed["EF"]["F"])
        stream.extra["Subtype"] = "/" + kinds[listed["UF"].string].replace("/", "#2f")


def _lay_a_signature_field(document: Any, pdf: Any, words: str) -> None:
    """An empty signature field over the drawn seal, with a place in the tree of tags (12.7.4.5, 14.8.4.5).

    Made here and not by the signer, so that a signature changes neither the page nor its structure.
    """
    page_number, page, box = next(
        (
            (number, page, box)
            for number, page in enumerate(document.pages)
            for box in page._page_box.descendants()
            if box.element is not None and box.element.get("id") == "seal" and hasattr(box, "border_box_x")
        ),
        (None, None, None),
    )
    if box is None or page is None or page_number is None:
        raise NoPlaceForSeal(words)
    points = 0.75  # of a CSS pixel
    left, width = box.border_box_x() * points, box.border_width() * points
    top, height = (page.height - box.border_box_y()) * points, box.border_height() * points
    nothing = pydyf.Stream(
        [b""],
        pydyf.Dictionary(
            {
                "Type": "/XObject",
                "Subtype": "/Form",
                "BBox": pydyf.Array([0, 0, width, height]),
                "Resources": pydyf.Dictionary(),
            }
        ),
    )
    pdf.add_object(nothing)
    tree = _object(pdf, pdf.catalog["StructTreeRoot"])
    numbers = _object(pdf, tree["ParentTree"])["Nums"]
    key = max(numbers[::2]) + 1
    at = pdf.page_references[page_number]
    widget = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": pydyf.String(FIELD),
            "TU": pydyf.String(words),
            "Contents": pydyf.String(words),
            "Rect": pydyf.Array([left, top - height, left + width, top]),
            "F": 132,  # printed and locked
            "P": at,
            "StructParent": key,
            "AP": pydyf.Dictionary({"N": nothing.reference}),
        }
    )
    pdf.add_object(widget)
    held = pydyf.Dictionary({"Type": "/OBJR", "Obj": widget.reference, "Pg": at})
    pdf.add_object(held)
    whole = tree["K"][0]
    form = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Form",
            "P": whole,
            "Pg": at,
            "K": pydyf.Array([held.reference]),
            "Alt": pydyf.String(words),
        }
    )
    pdf.add_object(form)
    _object(pdf, whole)["K"].append(form.reference)
    numbers.extend((key, form.reference))
    drawn = _object(pdf, at)
    drawn["Annots"] = pydyf.Array([*drawn.get("Annots", []), widget.reference])
    pdf.catalog["AcroForm"] = pydyf.Dictionary({"Fields": pydyf.Array([widget.reference]), "SigFlags": 3})


def _object(pdf: Any, reference: bytes) -> Any:
    """The object behind a reference such as b"12 0 R"."""
    return pdf.objects[int(reference.split()[0])]
