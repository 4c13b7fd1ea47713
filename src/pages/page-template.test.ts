import { describe, expect, it } from 'vitest';
import { renderPage, type PageView } from './page-template.ts';

const hostile = `"><script>alert(1)</script>'&<%= it %>`;
const escaped = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;&lt;%= it %&gt;';

const full: PageView = {
  title: hostile,
  text: [hostile, hostile],
  action: { label: hostile, href: hostile, kind: 'link' },
  refresh: { seconds: 5, href: hostile, withoutScript: false },
  alternative: { label: hostile, href: hostile },
  facts: [{ name: hostile, value: hostile }],
  report: { code: hostile, requestId: hostile },
};

describe('renderPage', () => {
  it('escapes every value of a view', () => {
    const html = renderPage(full);
    expect(html).not.toContain('<script');
    expect(html).not.toContain(hostile);
    expect(html.split(escaped)).toHaveLength(14);
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
});
