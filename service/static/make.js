// Makes an element: its properties, then what is in it. Text stays text, whatever it says.
export function make(tag, properties = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}

// A list to choose from, with its label before it. options: pairs of a value and its title.
export function choice(label, options, chosen, changed) {
  const select = make("select", { id: `choice-${++choices}` }, 
    ...options.map(([value, title]) => make("option", { value, selected: value === chosen }, title)));
  select.addEventListener("change", () => changed(select.value));
  return make("span", { className: "choice" }, make("label", { htmlFor: select.id }, label), " ", select);
}

let choices = 0;

export function button(title, pressed) {
  const made = make("button", { type: "button", className: "plain" }, title);
  made.addEventListener("click", pressed);
  return made;
}
