// Collects what a person decides on each suspect label, and offers it as corrections.csv. Cells of the table are made
// where the page is: here lines are put together, no name is interpreted.
const cards = [...document.querySelectorAll("[data-line]")];
const bar = document.querySelector("#bar");
const another = document.querySelector("#another");
let saved = true;

const chosen = (card) => card.querySelector("input:checked");
const decided = () => cards.filter((card) => chosen(card) !== card.querySelector("input"));

function table() {
  const lines = decided().map((card) => {
    const [before, after] = JSON.parse(card.dataset.line);
    return before + JSON.parse(chosen(card).value) + after;
  });
  return JSON.parse(bar.dataset.head) + lines.join("");
}

function told() {
  const count = decided().length;
  bar.querySelector("output").textContent = count ? `${count} of ${cards.length} decided` : "nothing decided yet";
  bar.querySelector("button").disabled = !count;
}

for (const card of cards) {
  const choice = card.querySelector("fieldset");
  if (another) {
    const more = another.content.cloneNode(true);
    const [radio, select] = [more.querySelector("input"), more.querySelector("select")];
    radio.name = choice.querySelector("input").name;
    radio.value = select.value;
    select.addEventListener("change", () => {
      radio.value = select.value;
      radio.checked = true;
    });
    choice.append(more);
  }
  choice.hidden = false;
  choice.addEventListener("change", () => {
    saved = false;
    card.classList.toggle("decided", decided().includes(card));
    told();
  });
}

bar.querySelector("button").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  saved = true;
});

addEventListener("beforeunload", (event) => {
  if (!saved && decided().length) event.preventDefault();
});

for (const one of document.querySelectorAll(".scripted")) one.hidden = false;
bar.hidden = false;
told();
