// The one script of the site: it filters the list of an index, which is complete without it.
(() => {
  const zone = document.getElementById("page-filtre");
  const [field, count, reset] = ["input", "[role=status]", "button"].map((one) => zone.querySelector(one));
  const bare = (text) =>
    text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[\u2019']/g, " ").replace(/\s+/g, " ").trim();
  const lists = [...document.querySelectorAll(".page-bilans")].map((list) => [list, list.previousElementSibling]);
  const entries = [...document.querySelectorAll(".page-bilans > li")]
    .map((item) => ({ item, words: bare(item.textContent), facets: item.dataset }));
  const choices = [...zone.querySelectorAll("select")].filter((choice) => {
    const values = [...new Set(entries.map((entry) => entry.facets[choice.name]))].filter(Boolean)
      .sort((a, b) => a.localeCompare(b, "fr", { numeric: true }));
    choice.append(...values.map((value) => new Option(value, value)));
    choice.parentElement.hidden = values.length < 2;
    return values.length > 1;
  });
  const show = () => {
    const asked = bare(field.value).split(" ");
    let shown = 0;
    for (const { item, words, facets } of entries) {
      const kept = asked.every((word) => words.includes(word)) &&
        choices.every((choice) => !choice.value || choice.value === facets[choice.name]);
      item.hidden = !kept;
      shown += kept;
    }
    for (const [list, title] of lists) list.hidden = title.hidden = !list.querySelector(":scope > li:not([hidden])");
    const all = entries.length;
    count.textContent = shown === all ? `${all} documents` : shown === 0
      ? "Aucun document ne correspond." : `${shown} ${shown > 1 ? "documents" : "document"} sur ${all}`;
  };
  field.addEventListener("input", show);
  choices.forEach((choice) => choice.addEventListener("change", show));
  reset.addEventListener("click", () => {
    field.value = "";
    choices.forEach((choice) => { choice.value = ""; });
    show();
    field.focus();
  });
  zone.hidden = false;
  show();
})();
