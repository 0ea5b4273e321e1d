// Blocking, and as small as it can be: the saved colour mode and the reader's language must be known before the first
// paint. It has its own file because the page's Content-Security-Policy allows no script inside the HTML.
{
  const root = document.documentElement;
  let mode = null;
  let language = null;
  try {
    mode = localStorage.getItem("postbode.mode");
    language = localStorage.getItem("postbode.language");
  } catch {
    // Storage can be switched off; then the system's own choice holds.
  }
  if (mode === "light" || mode === "dark") root.dataset.mode = mode;
  // The same order as app/src/language.rs: saved, then the browser's, then English.
  const wanted = [language, ...(navigator.languages ?? [])].filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());
  root.lang = wanted.find((tag) => tag === "nl" || tag === "en") ?? "en";
}
