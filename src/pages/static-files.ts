// Owns the style sheet and the script of the pages, served from memory.
import { createHash } from 'node:crypto';
import { KEEP_FRAGMENT_SCRIPT_PATH, STYLE_PATH, UNHURRIED_SCRIPT_PATH } from './own-paths.ts';

export interface StaticFile {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  /** Strong validator (RFC 9110 section 8.8.3), quotes included. */
  readonly etag: string;
}

// Contrast is at least 7:1 for text and 4.5:1 on the button, in both colour schemes (WCAG 2.2).
const style = `:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  grid-template-columns: minmax(0, 1fr);
  font: 1rem/1.5 system-ui, sans-serif; color: #1b1f24; background: #f4f6f8; }
main { width: 100%; max-width: 34rem; padding: 2rem; background: #fff;
  border: 1px solid #c8cfd6; border-radius: .5rem; }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
.action, button { display: inline-block; padding: .625rem 1.25rem; border: 0; border-radius: .375rem;
  font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
  color: #fff; background: #0b57b0; }
.action:hover, button:hover { background: #08427f; }
.action:focus-visible, button:focus-visible { outline: 3px solid #0b57b0; outline-offset: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 1.5rem 0 0;
  padding-top: 1rem; border-top: 1px solid #c8cfd6; font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; }
main.wide { max-width: 64rem; }
h2 { margin: 2rem 0 1rem; font-size: 1.125rem; }
label, legend { font-weight: 600; }
legend { padding: 0; }
fieldset { margin: 0 0 1rem; padding: 0; border: 0; }
fieldset label { display: block; font-weight: 400; }
input[type="text"], select { display: block; width: 100%; padding: .5rem; font: inherit;
  color: inherit; background: transparent; border: 1px solid #6b7580; border-radius: .375rem; }
#copy, pre { font-family: ui-monospace, monospace; }
option { color: #1b1f24; background: #fff; }
small { display: block; margin-top: .25rem; font-size: .875rem; }
pre { margin: 0 0 1rem; padding: .75rem; overflow-x: auto; font-size: .875rem; background: #eef1f4;
  border-radius: .375rem; }
div.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
caption { padding: 0 0 .5rem; text-align: left; font-weight: 600; }
th, td { padding: .5rem; text-align: left; vertical-align: top; border-top: 1px solid #c8cfd6;
  overflow-wrap: break-word; }
tbody th, td:nth-child(3) { min-width: 9rem; overflow-wrap: anywhere; }
td .buttons { margin: 0; overflow-wrap: normal; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
button.quiet { color: inherit; background: transparent; border: 1px solid #6b7580;
  padding: .25rem .75rem; font-weight: 400; }
button.quiet:hover { background: #dde3e9; }
@media (prefers-color-scheme: dark) {
  body { color: #e6eaef; background: #14181d; }
  main { background: #1d232a; border-color: #3a444f; }
  .action, button { color: #0b1118; background: #8ec2ff; }
  .action:hover, button:hover { background: #b5d8ff; }
  .action:focus-visible, button:focus-visible { outline-color: #8ec2ff; }
  button.quiet { color: inherit; background: transparent; }
  button.quiet:hover { background: #3a444f; }
  option { color: #e6eaef; background: #1d232a; }
  pre { background: #14181d; }
  dl { border-color: #3a444f; }
}
`;

// Moves the fragment, which no server ever sees, into the return address, and goes on at once.
const keepFragmentScript = `const link = document.getElementById('continue');
const address = new URL(link.href);
if (location.hash.length > 1) {
  address.searchParams.set('rd', address.searchParams.get('rd') + location.hash);
}
location.replace(address.href);
`;

// A window above this one can ask for a double click and be gone after its first half: the second must not
// press a button that the person has not seen. Without scripts the buttons work at once.
const unhurriedScript = `const buttons = document.querySelectorAll('button');
const enable = (isEnabled) => buttons.forEach((button) => { button.disabled = !isEnabled; });
let timer;
function wait() {
  clearTimeout(timer);
  enable(false);
  timer = setTimeout(enable, 1000, true);
}
addEventListener('focus', wait);
addEventListener('pageshow', wait);
addEventListener('blur', () => { clearTimeout(timer); enable(false); });
if (document.hasFocus()) wait();
else enable(false);
`;

export const staticFiles: readonly StaticFile[] = [
  staticFile(STYLE_PATH, 'text/css; charset=utf-8', style),
  staticFile(KEEP_FRAGMENT_SCRIPT_PATH, 'text/javascript; charset=utf-8', keepFragmentScript),
  staticFile(UNHURRIED_SCRIPT_PATH, 'text/javascript; charset=utf-8', unhurriedScript),
];

function staticFile(path: string, contentType: string, body: string): StaticFile {
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { path, contentType, body, etag: `"${digest}"` };
}
