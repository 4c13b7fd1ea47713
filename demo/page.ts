// Owns how the demo's pages look: no font, style or script from elsewhere.
import { Eta } from 'eta';

type Page<View> = (view: View) => string;

const eta = new Eta({ autoEscape: true });

const layout = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title><%= it.title %></title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
td, code { font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0; }
input { display: block; margin-top: .25rem; padding: .5rem; font: inherit; width: 100%; max-width: 20rem; box-sizing: border-box; }
button { padding: .5rem 1rem; font: inherit; }
td button { padding: 0 .5rem; }
[data-namespace] { white-space: nowrap; }
.refused { color: #b3261e; }
@media (prefers-color-scheme: dark) { .refused { color: #f2b8b5; } }
</style>
</head>
<body>
<main>
<h1><%= it.title %></h1>
`;

/** Compiles a page whose main part is `body`; `View`, which has a title, is its `it`. */
export function compilePage<View extends { readonly title: string }>(body: string): Page<View> {
  const compiled = eta.compile(`${layout}${body}\n</main>\n</body>\n</html>\n`);
  return (view) => eta.render(compiled, view);
}
