import { describe, expect, it } from 'vitest';
import type { PageForm } from './page-form.ts';
import { renderPage, type PageView } from './page-template.ts';

const hostile = `"><script>alert(1)</script>'&<%= it %>`;
const escaped = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;&lt;%= it %&gt;';

const options = [{ value: hostile, label: hostile }];
const hostileForm: PageForm = {
  method: 'post',
  href: hostile,
  heading: hostile,
  fields: [
    { kind: 'hidden', name: hostile, value: hostile },
    { kind: 'text', name: hostile, label: hostile, hint: hostile, maxLength: 1 },
    { kind: 'select', name: hostile, label: hostile, options },
    { kind: 'radio', name: hostile, legend: hostile, options },
  ],
  buttons: [{ label: hostile, name: hostile, value: hostile, description: hostile }],
};
const full: PageView = {
  title: hostile,
  text: [hostile, hostile],
  action: { label: hostile, href: hostile, kind: 'link' },
  refresh: { seconds: 5, href: hostile, withoutScript: false },
  alternative: { label: hostile, href: hostile },
  facts: [{ name: hostile, value: hostile }],
  report: { code: hostile, requestId: hostile },
  copy: { label: hostile, value: hostile },
  example: hostile,
  forms: [hostileForm],
  table: {
    caption: hostile,
    columns: [hostile],
    rows: [{ cells: [hostile, hostile], form: hostileForm }],
  },
};

describe('renderPage', () => {
  it('escapes every value of a view', () => {
    const html = renderPage(full);
    expect(html).not.toContain('<script');
    expect(html).not.toContain(hostile);
    expect(html.split(escaped)).toHaveLength(72);
  });

  it('has a language, a main landmark and one heading, which is also the title', () => {
    const html = renderPage({ title: 'Signed out', text: ['Bye.'] });
    expect(html).toContain('<html lang="en">');
    expect(html.match(/<main>/g)).toHaveLength(1);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain('<title>Signed out</title>');
    expect(html).toContain('<h1>Signed out</h1>');
  });

  it('has neither inline script nor inline style', () => {
    const html = renderPage({ ...full, script: '/oauth2/static/x.js' });
    expect(html).not.toMatch(/<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:/);
  });

  it('leaves the frame by a link that says so', () => {
    const action = { label: 'Sign in', href: '/oauth2/start?rd=%2F', kind: 'top' } as const;
    expect(renderPage({ title: 't', text: [], action })).toContain(
      'href="/oauth2/start?rd=%2F" target="_top">Sign in</a>',
    );
  });

  it('posts a form that needs no script', () => {
    const action = { label: 'Sign out', href: '/oauth2/sign_out', kind: 'post' } as const;
    const html = renderPage({ title: 't', text: [], action });
    expect(html).toContain('<form method="post" action="/oauth2/sign_out">');
    expect(html).toContain('<button type="submit">Sign out</button>');
  });

  it('goes on by itself without scripts only, where a script does it otherwise', () => {
    const refresh = { seconds: 0, href: '/a', withoutScript: true };
    const html = renderPage({ title: 't', text: [], refresh, script: '/s.js' });
    expect(html).toMatch(
      /<noscript>\s*<meta http-equiv="refresh" content="0; url=\/a">\s*<\/noscript>/,
    );
  });

  it('gives every field of a form a label, and every group a legend', () => {
    const fields: PageForm['fields'] = [
      {
        kind: 'text',
        name: 'name',
        label: 'Name',
        hint: 'Yours.',
        maxLength: 64,
        isRequired: true,
      },
      {
        kind: 'select',
        name: 'expires',
        label: 'Expires',
        options: [{ value: '1d', label: '1 day' }],
      },
      { kind: 'checkbox', name: 'also', legend: 'Also', options: [{ value: 'x', label: 'X' }] },
    ];
    const forms: PageForm[] = [{ method: 'get', href: '/f', fields, buttons: [{ label: 'Go' }] }];
    const html = renderPage({ title: 't', text: [], forms, copy: { label: 'Copy', value: 'c' } });
    for (const [, id = ''] of html.matchAll(/<(?:input type="text"|select) id="([^"]+)"/g)) {
      expect(html).toContain(`<label for="${id}">`);
    }
    expect(html).toContain('aria-describedby="name-hint">');
    expect(html).toContain('<small id="name-hint">Yours.</small>');
    expect(html).toMatch(/<fieldset><legend>Also<\/legend>\s*<label><input type="checkbox"/);
    expect(html).toContain('<input type="text" id="copy" value="c" readonly');
  });

  it('names the rows and columns of a table, and says which row a button is about', () => {
    const form: PageForm = {
      method: 'post',
      href: '/revoke',
      fields: [{ kind: 'hidden', name: 'ticket', value: 't' }],
      buttons: [{ label: 'Revoke', description: 'Revoke laptop' }],
    };
    const rows = [{ cells: ['laptop', 'read'], form }];
    const table = { caption: 'Tokens', columns: ['Name', 'May', 'Revoke'], rows };
    const html = renderPage({ title: 't', text: [], table });
    expect(html).toContain('<caption>Tokens</caption>');
    expect(html).toContain('<th scope="col">Name</th>');
    expect(html).toContain('<th scope="row">laptop</th>');
    expect(html).toContain('aria-label="Revoke laptop">Revoke</button>');
  });
});
