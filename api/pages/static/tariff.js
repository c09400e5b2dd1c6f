// A file that is chosen is put into the field for the text; without this script the text is pasted.
"use strict";
for (const place of document.querySelectorAll("[data-file-for]")) {
  const chooser = place.querySelector("input");
  const field = document.getElementById(place.dataset.fileFor);
  place.hidden = false;
  chooser.addEventListener("change", async () => {
    if (chooser.files.length) field.value = await chooser.files[0].text();
  });
}
