// Starts the application. The hashed names come from index.html, so that this text never changes with a build.
const part = (name) => document.querySelector(`link[data-part="${name}"]`).href;

// A tab that was open during a deployment asks for files that are gone and may get something else under their name.
// Looking at the type first turns an obscure compile error into a text that says what to do.
async function wasm() {
  const response = await fetch(part("wasm"), { credentials: "same-origin" });
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok || !type.startsWith("application/wasm")) throw new TypeError(`${response.status} ${type}`);
  return response;
}

try {
  const [glue, module_or_path] = await Promise.all([import(part("glue")), wasm()]);
  await glue.default({ module_or_path });
} catch (reason) {
  console.error("Postbode could not start:", reason);
  document.getElementById("app").hidden = true;
  document.getElementById("boot-failed").hidden = false;
  document.getElementById("boot-reload").addEventListener("click", () => location.reload());
}
