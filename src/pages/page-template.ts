// Owns the one page that a person reads: its view, its template and its rendering.
import { Eta } from 'eta';
import { STYLE_PATH } from './own-paths.ts';
import { formTemplate, tableTemplate, type PageForm, type PageTable } from './page-form.ts';

/** Where the person can go from a page. */
export interface PageAction {
  readonly label: string;
  /** A path on this site. */
  readonly href: string;
  /** `post` is a form without fields; `top` is a link that leaves the frame the page stands in. */
  readonly kind: 'link' | 'top' | 'post';
}

export interface PageView {
  readonly title: string;
  /** One paragraph each. */
  readonly text: readonly string[];
  readonly action?: PageAction | undefined;
  /** A quieter link, which leaves the frame the page stands in. */
  readonly alternative?: { readonly label: string; readonly href: string };
  /** Goes on by itself after some seconds; `withoutScript` only where scripts do not run. */
  readonly refresh?: {
    readonly seconds: number;
    readonly href: string;
    readonly withoutScript: boolean;
  };
  /** Path of a script of ours. */
  readonly script?: string;
  /** To be copied from a read-only field. */
  readonly copy?: { readonly label: string; readonly value: string };
  /** A line for the shell. */
  readonly example?: string;
  readonly table?: PageTable;
  readonly forms?: readonly PageForm[];
  /** A page with a table needs more width than a few sentences. */
  readonly isWide?: boolean;
  /** What the page is about, by name. */
  readonly facts?: readonly { readonly name: string; readonly value: string }[];
  /** What the person can tell the administrator. */
  readonly report?: { readonly code: string; readonly requestId: string };
}

// Every value is written with <%= %>, which escapes; the raw form takes templates alone.
const template = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title><%= it.title %></title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="stylesheet" href="<%= it.stylePath %>">
<% if (it.script) { %>
<script src="<%= it.script %>" defer></script>
<% } %>
<% if (it.refresh) { %>
<% if (it.refresh.withoutScript) { %><noscript><% } %>
<meta http-equiv="refresh" content="<%= it.refresh.seconds %>; url=<%= it.refresh.href %>">
<% if (it.refresh.withoutScript) { %></noscript><% } %>
<% } %>
</head>
<body>
<main<% if (it.isWide) { %> class="wide"<% } %>>
<h1><%= it.title %></h1>
<% for (const paragraph of it.text) { %>
<p><%= paragraph %></p>
<% } %>
<% if (it.copy) { %>
<p><label for="copy"><%= it.copy.label %></label>
<input type="text" id="copy" value="<%= it.copy.value %>" readonly autocomplete="off" spellcheck="false"></p>
<% } %>
<% if (it.example) { %><pre tabindex="0"><%= it.example %></pre><% } %>
<% if (it.table) { %><%~ include('@table', it.table) %><% } %>
<% if (it.action && it.action.kind === 'post') { %>
<form method="post" action="<%= it.action.href %>">
<button type="submit"><%= it.action.label %></button>
</form>
<% } else if (it.action) { %>
<p><a id="continue" class="action" href="<%= it.action.href %>"<% if (it.action.kind === 'top') { %> target="_top"<% } %>><%= it.action.label %></a></p>
<% } %>
<% if (it.alternative) { %>
<p><a href="<%= it.alternative.href %>" target="_top"><%= it.alternative.label %></a></p>
<% } %>
<% if (it.facts || it.report) { %>
<dl>
<% for (const fact of it.facts || []) { %>
<dt><%= fact.name %></dt><dd><code><%= fact.value %></code></dd>
<% } %>
<% if (it.report) { %>
<dt>Code</dt><dd><code><%= it.report.code %></code></dd>
<dt>Request id</dt><dd><code><%= it.report.requestId %></code></dd>
<% } %>
</dl>
<% } %>
<% for (const form of it.forms || []) { %><%~ include('@form', form) %><% } %>
</main>
</body>
</html>
`;

const eta = new Eta({ autoEscape: true });
eta.loadTemplate('@form', formTemplate);
eta.loadTemplate('@table', tableTemplate);
const compiled = eta.compile(template);

/** The page as HTML; every value of the view is escaped. */
export function renderPage(view: PageView): string {
  return eta.render(compiled, { ...view, stylePath: STYLE_PATH });
}
