import { expect, it } from 'vitest';
import { installedProgram } from './catalogue.ts';
import { describeWith } from './describe-with.ts';
import { startLdap, type Ldap } from './ldap.ts';
import { isAlive } from './liveness.ts';
import { runProgram } from './run-program.ts';

async function search(ldap: Ldap, base: string, filter: string, attribute: string) {
  const credentials = ['-D', ldap.adminDn, '-w', ldap.adminPassword];
  const args = ['-x', '-LLL', '-o', 'ldif-wrap=no', '-H', ldap.url, ...credentials];
  const found = await runProgram(installedProgram('ldapsearch'), [
    ...[...args, '-b', base, filter, attribute],
  ]);
  const lines = found.split('\n').filter((line) => line.startsWith(`${attribute}: `));
  return lines.map((line) => line.slice(attribute.length + 2)).toSorted();
}

describeWith(['ldap'], 'an LDAP directory', () => {
  it('holds its users and groups, changes them, and leaves no process', async () => {
    const ldap = await startLdap({
      users: [
        { uid: 'jane', mail: 'jane@example.com' },
        { uid: 'o+d, d', mail: 'odd@example.com' },
      ],
      groups: [{ name: 'team, a', members: ['jane', 'o+d, d'] }],
    });
    const mails = () => search(ldap, ldap.usersDn, '(objectClass=inetOrgPerson)', 'mail');
    expect(await mails()).toEqual(['jane@example.com', 'odd@example.com']);
    await ldap.deleteUser('o+d, d');
    await ldap.addUser({ uid: 'joe', mail: 'joe@example.com' });
    await ldap.setMail('jane', 'doe@example.com');
    expect(await mails()).toEqual(['doe@example.com', 'joe@example.com']);

    await ldap.setMembers('team, a', ['joe']);
    const members = await search(ldap, ldap.groupsDn, '(objectClass=groupOfNames)', 'member');
    expect(members).toEqual(['cn=nobody,dc=example,dc=com', `uid=joe,${ldap.usersDn}`]);

    const { pid } = ldap.process;
    await ldap.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('lets a user bind with the password, and with no other', async () => {
    await using ldap = await startLdap({ users: [{ uid: 'jane', mail: 'jane@example.com' }] });
    const bind = (password: string) =>
      runProgram(installedProgram('ldapwhoami'), [
        ...['-x', '-H', ldap.url, '-D', `uid=jane,${ldap.usersDn}`, '-w', password],
      ]);
    expect(await bind('12341234')).toContain('uid=jane');
    await expect(bind('wrong')).rejects.toThrow(/Invalid credentials/);
  });
});
