// Owns starting an LDAP directory (slapd) with users and groups that tests change.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedProgram } from './catalogue.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';
import { runProgram } from './run-program.ts';

const SUFFIX = 'dc=example,dc=com';
const ADMIN_DN = `cn=admin,${SUFFIX}`;
const ADMIN_PASSWORD = 'directory-admin';
const USERS_DN = `ou=users,${SUFFIX}`;
const GROUPS_DN = `ou=groups,${SUFFIX}`;
// groupOfNames must have a member (RFC 4519 section 3.5); this one lets groups be without people.
const NOBODY_DN = `cn=nobody,${SUFFIX}`;

/** A person of the directory; the password is `12341234` if none is given. */
export interface LdapUser {
  readonly uid: string;
  readonly mail: string;
  readonly name?: string;
  readonly password?: string;
}

/** A group, by its common name, and the uids of its members. */
export interface LdapGroup {
  readonly name: string;
  readonly members: readonly string[];
}

/** What is in the directory at first. */
export interface LdapOptions {
  readonly port?: number;
  readonly users: readonly LdapUser[];
  readonly groups?: readonly LdapGroup[];
  /** What Dex takes as a group's name: its common name, or its whole DN (which has commas). */
  readonly groupNames?: 'cn' | 'DN';
}

/** A running LDAP directory. */
export interface Ldap extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly adminDn: string;
  readonly adminPassword: string;
  readonly usersDn: string;
  readonly groupsDn: string;
  readonly groupNames: 'cn' | 'DN';
  readonly process: NeighbourProcess;
  addUser(user: LdapUser): Promise<void>;
  deleteUser(uid: string): Promise<void>;
  addGroup(group: LdapGroup): Promise<void>;
  /** Replaces who is in a group. */
  setMembers(group: string, uids: readonly string[]): Promise<void>;
  setMail(uid: string, mail: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts slapd with its own configuration on 127.0.0.1, with these users and groups in it. */
export async function startLdap(options: LdapOptions): Promise<Ldap> {
  const port = options.port ?? (await freePort());
  const url = `ldap://127.0.0.1:${port}`;
  return startInScratchDirectory('ldap', async (directory) => {
    await mkdir(join(directory, 'data'));
    const configFile = join(directory, 'slapd.conf');
    await writeFile(configFile, configuration(directory));
    const process = await NeighbourProcess.start({
      name: `slapd on ${port}`,
      command: installedProgram('slapd'),
      // A debug level keeps slapd in the foreground (slapd(8)); 256 logs operations.
      args: ['-f', configFile, '-h', url, '-d', '256'],
      directory,
      port,
      isReady: async () => (await ldapTool('ldapwhoami', url, '')) !== '',
    });
    const ldap = ldapHandle(url, port, options.groupNames ?? 'cn', process);
    try {
      await fill(url, ldap, options);
    } catch (error) {
      await process.stop();
      throw error;
    }
    return ldap;
  });
}

function ldapHandle(
  url: string,
  port: number,
  groupNames: 'cn' | 'DN',
  process: NeighbourProcess,
): Ldap {
  const modify = async (changes: string): Promise<void> => {
    await ldapTool('ldapmodify', url, changes);
  };
  const stop = () => process.stop();
  return {
    port,
    url,
    adminDn: ADMIN_DN,
    adminPassword: ADMIN_PASSWORD,
    usersDn: USERS_DN,
    groupsDn: GROUPS_DN,
    groupNames,
    process,
    addUser: (user) => modify(addEntry(userDn(user.uid), userAttributes(user))),
    addGroup: (group) => modify(addEntry(groupDn(group.name), groupAttributes(group))),
    deleteUser: (uid) => modify(ldif(userDn(uid), [['changetype', 'delete']])),
    setMembers: (group, uids) => modify(replace(groupDn(group), 'member', memberDns(uids))),
    setMail: (uid, mail) => modify(replace(userDn(uid), 'mail', [mail])),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function fill(url: string, ldap: Ldap, { users, groups = [] }: LdapOptions): Promise<void> {
  const frame = [
    addEntry(SUFFIX, [
      ['objectClass', 'dcObject'],
      ['objectClass', 'organization'],
      ['o', 'Example'],
    ]),
    ...[USERS_DN, GROUPS_DN].map((dn) => addEntry(dn, [['objectClass', 'organizationalUnit']])),
  ];
  await ldapTool('ldapmodify', url, frame.join('\n'));
  for (const user of users) await ldap.addUser(user);
  for (const group of groups) await ldap.addGroup(group);
}

function configuration(directory: string): string {
  const schemas = ['core', 'cosine', 'inetorgperson'];
  return [
    ...schemas.map((name) => `include /etc/ldap/schema/${name}.schema`),
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    `pidfile ${join(directory, 'slapd.pid')}`,
    `argsfile ${join(directory, 'slapd.args')}`,
    'database mdb',
    `suffix "${SUFFIX}"`,
    `rootdn "${ADMIN_DN}"`,
    `rootpw ${ADMIN_PASSWORD}`,
    `directory ${join(directory, 'data')}`,
    'dbnosync',
    '',
  ].join('\n');
}

async function ldapTool(tool: string, url: string, input: string): Promise<string> {
  const args = ['-x', '-H', url, '-D', ADMIN_DN, '-w', ADMIN_PASSWORD];
  return runProgram(installedProgram(tool), args, { input });
}

type Attribute = readonly [name: string, value: string];

function addEntry(dn: string, attributes: readonly Attribute[]): string {
  return ldif(dn, [['changetype', 'add'], ...attributes]);
}

function replace(dn: string, attribute: string, values: readonly string[]): string {
  const change: Attribute[] = [
    ['changetype', 'modify'],
    ['replace', attribute],
  ];
  return ldif(dn, [...change, ...values.map((value): Attribute => [attribute, value])]);
}

// Every value in base64 (RFC 2849, value-spec), so that none can be taken for LDIF.
function ldif(dn: string, lines: readonly Attribute[]): string {
  const encode = (value: string) => Buffer.from(value).toString('base64');
  const control = new Set(['changetype', 'replace']);
  const texts = lines.map(([name, value]) =>
    control.has(name) ? `${name}: ${value}` : `${name}:: ${encode(value)}`,
  );
  return [`dn:: ${encode(dn)}`, ...texts, ''].join('\n');
}

function userAttributes({ uid, mail, name = uid, password = '12341234' }: LdapUser): Attribute[] {
  return [
    ['objectClass', 'inetOrgPerson'],
    ['cn', name],
    ['sn', name],
    ['mail', mail],
    ['userPassword', password],
  ];
}

function groupAttributes({ members }: LdapGroup): Attribute[] {
  const people = memberDns(members).map((dn): Attribute => ['member', dn]);
  return [['objectClass', 'groupOfNames'], ...people];
}

function memberDns(uids: readonly string[]): string[] {
  return [NOBODY_DN, ...uids.map(userDn)];
}

function userDn(uid: string): string {
  return `uid=${escapeDn(uid)},${USERS_DN}`;
}

function groupDn(name: string): string {
  return `cn=${escapeDn(name)},${GROUPS_DN}`;
}

// RFC 4514 section 2.4.
function escapeDn(value: string): string {
  return value.replace(/[",+;<>\\=#]|^ | $/g, (character) => `\\${character}`);
}
