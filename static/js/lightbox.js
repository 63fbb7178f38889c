// Photos in .q-photos open large over the page: arrows, Esc, full size, with time and place beneath. Without script, in a
// new window on purpose, or where the dialog is missing, each stays a link to its file.
(() => {
  const dialog = document.querySelector("dialog[data-lightbox]");
  if (!dialog || typeof dialog.showModal !== "function") return;

  const part = (name) => dialog.querySelector(`[data-lightbox-${name}]`);
  const button = (what) => dialog.querySelector(`[data-lightbox-do="${what}"]`);
  const stage = part("stage");
  const picture = part("picture");
  let links = [];
  let shown = 0;

  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();

  // At one point of the picture (0 to 1 across and down), so that a tap shows what lies under the finger.
  const full = (wanted, across = 0.5, down = 0.5) => {
    stage.classList.toggle("is-full", wanted);
    button("zoom").setAttribute("aria-pressed", String(wanted));
    stage.scrollLeft = across * stage.scrollWidth - stage.clientWidth / 2;
    stage.scrollTop = down * stage.scrollHeight - stage.clientHeight / 2;
  };

  const show = (index) => {
    shown = (index + links.length) % links.length;
    const link = links[shown];
    const small = link.querySelector("img");
    full(false);
    picture.src = link.href;
    picture.alt = small.alt;
    picture.width = small.getAttribute("width");
    picture.height = small.getAttribute("height");
    const facts = [...link.closest("li").querySelectorAll(".q-photo__facts")].map(words);
    part("caption").textContent = [small.alt, ...facts].join(" · ");
    part("place").textContent = links.length > 1 ? `${shown + 1} / ${links.length}` : "";
    for (const what of ["previous", "next"]) button(what).hidden = links.length < 2;
  };

  const acts = {
    close: () => dialog.close(),
    next: () => show(shown + 1),
    previous: () => show(shown - 1),
    zoom: () => full(!stage.classList.contains("is-full")),
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".q-photos a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    links = [...link.closest(".q-photos").querySelectorAll("a")];
    show(links.indexOf(link));
    dialog.showModal();
    stage.focus();
  });

  dialog.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-lightbox-do]");
    if (pressed) acts[pressed.dataset.lightboxDo]();
    else if (event.target === picture) {
      const box = picture.getBoundingClientRect();
      full(
        !stage.classList.contains("is-full"),
        (event.clientX - box.left) / box.width,
        (event.clientY - box.top) / box.height,
      );
    } else if (event.target === stage && !stage.classList.contains("is-full")) dialog.close();
  });

  // In full size the arrows move the picture.
  dialog.addEventListener("keydown", (event) => {
    const what = { ArrowRight: "next", ArrowLeft: "previous" }[event.key];
    if (!what || links.length < 2 || stage.classList.contains("is-full")) return;
    event.preventDefault();
    acts[what]();
  });

  // Whoever looked at another one is led back to that one's link.
  dialog.addEventListener("close", () => {
    picture.removeAttribute("src");
    links[shown].focus();
  });
})();
