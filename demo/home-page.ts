// Owns the demo's home page: who you are, where you are what, and what an application receives.
import { compilePage } from './page.ts';

export type Pair = readonly [name: string, value: string];

/** The role in each namespace is asked for again and again, so that it shows when a manifest is edited. */
const showRoles = `
const told = document.getElementById('namespaces-told');
async function showRoles() {
  const answer = await fetch('/oauth2/userinfo', { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error('the gateway answers ' + answer.status);
  const { namespaces } = await answer.json();
  if (namespaces === null) throw new Error('the gateway does not know yet');
  const roles = new Map(namespaces.map(({ namespace, role }) => [namespace, role]));
  for (const cell of document.querySelectorAll('[data-namespace]'))
    cell.textContent = roles.get(cell.dataset.namespace) ?? 'nothing';
  told.textContent = '';
}
function keepShowing() {
  showRoles()
    .catch((error) => (told.textContent = 'This is not up to date: ' + error.message))
    .finally(() => setTimeout(keepShowing, 1000));
}
keepShowing();
const made = document.getElementById('notebook-made');
async function makeNotebook({ target }) {
  const path = '/jupyter/api/namespaces/' + target.value + '/notebooks';
  const answer = await fetch(path, { method: 'POST', headers: { accept: 'application/json' } });
  const { detail = 'the application would make it now.' } = await answer.json();
  made.textContent = 'POST ' + path + ' is answered ' + answer.status + ': ' + detail;
}
for (const button of document.querySelectorAll('button')) button.onclick = makeNotebook;
`;

export const homePage = compilePage<{
  title: string;
  user: string;
  groups: string;
  headers: readonly Pair[];
  namespaces: readonly string[];
}>(`
<p>You are <strong id="user"><%= it.user %></strong>, groups: <strong id="groups"><%= it.groups %></strong>.</p>
<p><a href="/oauth2/sign_out">Sign out</a>, <a href="/oauth2/tokens">make a token for programs</a></p>
<h2>What you may use</h2>
<table>
<thead><tr><th scope="col">Namespace</th><th scope="col">You are</th><th scope="col">Try</th></tr></thead>
<tbody>
<% for (const namespace of it.namespaces) { %>
<tr>
<th scope="row"><%= namespace %></th>
<td data-namespace="<%= namespace %>">…</td>
<td>
<a href="/notebook/<%= namespace %>/lab/">open its notebook</a> (viewers may),
<button value="<%= namespace %>">make one</button> (contributors may)
</td>
</tr>
<% } %>
</tbody>
</table>
<p id="notebook-made" role="status"></p>
<p id="namespaces-told" role="status"></p>
<p>Who is what stands in <code>config/demo-policy/</code>. Edit <code>contributors.yaml</code> there, and watch this table and an open notebook.</p>
<script>${showRoles}</script>
<h2>What the application received</h2>
<table>
<thead><tr><th scope="col">Header</th><th scope="col">Value</th></tr></thead>
<tbody>
<% for (const [name, value] of it.headers) { %>
<tr><th scope="row"><%= name %></th><td><%= value %></td></tr>
<% } %>
</tbody>
</table>
<h2>For programs</h2>
<ul>
<li><a href="/demo/echo?a=b">/demo/echo</a>: any method; what was received, as JSON</li>
<li><code>/demo/socket</code>: a WebSocket that echoes</li>
<li><a href="/demo/events">/demo/events</a>: server-sent events, one a second</li>
<li><a href="/oauth2/userinfo">/oauth2/userinfo</a>, <a href="/.well-known/jwks.json">/.well-known/jwks.json</a>: the gateway's own</li>
</ul>`);
