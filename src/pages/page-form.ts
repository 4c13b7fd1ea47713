// Owns forms and tables on pages: what they hold and how they are written. They work without scripts.

export type FormField =
  | { readonly kind: 'hidden'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly label: string;
      readonly hint?: string;
      readonly maxLength: number;
      readonly isRequired?: boolean;
    }
  | {
      readonly kind: 'select';
      readonly name: string;
      readonly label: string;
      readonly options: readonly Option[];
    }
  | {
      readonly kind: 'radio' | 'checkbox';
      readonly name: string;
      readonly legend: string;
      readonly options: readonly Option[];
    };

interface Option {
  readonly value: string;
  readonly label: string;
  readonly isChosen?: boolean;
}

export interface FormButton {
  readonly label: string;
  /** Sent with the form, where it matters which button was pressed. */
  readonly name?: string;
  readonly value?: string;
  readonly isQuiet?: boolean;
  /** What a screen reader says, where the label alone does not tell what the button is about. */
  readonly description?: string;
}

export interface PageForm {
  readonly method: 'get' | 'post';
  /** A path on this site. */
  readonly href: string;
  readonly heading?: string;
  readonly fields: readonly FormField[];
  readonly buttons: readonly FormButton[];
}

export interface PageTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly PageRow[];
}

/** The first cell names the row; the form stands in the last one. */
interface PageRow {
  readonly cells: readonly string[];
  readonly form: PageForm;
}

// Every value is written with <%= %>, which escapes. `it` is a PageForm.
export const formTemplate = `<form method="<%= it.method %>" action="<%= it.href %>" autocomplete="off">
<% if (it.heading) { %><h2><%= it.heading %></h2><% } %>
<% for (const field of it.fields) { %>
<% if (field.kind === 'hidden') { %>
<input type="hidden" name="<%= field.name %>" value="<%= field.value %>">
<% } else if (field.kind === 'text') { %>
<p><label for="<%= field.name %>"><%= field.label %></label>
<input type="text" id="<%= field.name %>" name="<%= field.name %>" maxlength="<%= field.maxLength %>" autocapitalize="off" spellcheck="false"<% if (field.isRequired) { %> required<% } %><% if (field.hint) { %> aria-describedby="<%= field.name %>-hint"<% } %>>
<% if (field.hint) { %><small id="<%= field.name %>-hint"><%= field.hint %></small><% } %></p>
<% } else if (field.kind === 'select') { %>
<p><label for="<%= field.name %>"><%= field.label %></label>
<select id="<%= field.name %>" name="<%= field.name %>">
<% for (const option of field.options) { %>
<option value="<%= option.value %>"<% if (option.isChosen) { %> selected<% } %>><%= option.label %></option>
<% } %>
</select></p>
<% } else { %>
<fieldset><legend><%= field.legend %></legend>
<% for (const option of field.options) { %>
<label><input type="<%= field.kind %>" name="<%= field.name %>" value="<%= option.value %>"<% if (option.isChosen) { %> checked<% } %>> <%= option.label %></label>
<% } %>
</fieldset>
<% } %>
<% } %>
<p class="buttons">
<% for (const button of it.buttons) { %>
<button type="submit"<% if (button.name) { %> name="<%= button.name %>" value="<%= button.value %>"<% } %><% if (button.isQuiet) { %> class="quiet"<% } %><% if (button.description) { %> aria-label="<%= button.description %>"<% } %>><%= button.label %></button>
<% } %>
</p>
</form>
`;

// `it` is a PageTable.
export const tableTemplate = `<div class="wide" role="region" aria-label="<%= it.caption %>" tabindex="0"><table>
<caption><%= it.caption %></caption>
<thead><tr><% for (const column of it.columns) { %><th scope="col"><%= column %></th><% } %></tr></thead>
<tbody>
<% for (const row of it.rows) { %>
<tr>
<% row.cells.forEach((cell, at) => { %>
<% if (at === 0) { %><th scope="row"><%= cell %></th><% } else { %><td><%= cell %></td><% } %>
<% }) %>
<td><%~ include('@form', row.form) %></td>
</tr>
<% } %>
</tbody>
</table></div>
`;
