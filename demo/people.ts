// Owns who can sign in to the demo.

export interface Person {
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** As Kubeflow's Dex has it for user@example.com; nobody else's is known. */
  readonly subject: string;
}

export const DEMO_PASSWORD = '12341234';

export const people: readonly Person[] = [
  {
    email: 'user@example.com',
    name: 'Demo User',
    groups: ['ml-engineers', 'kubeflow-users'],
    subject: '15841185641784',
  },
  {
    email: 'viewer@example.com',
    name: 'Demo Viewer',
    groups: ['viewers'],
    subject: '15841185641785',
  },
];

export function personBySubject(subject: string): Person | undefined {
  return people.find((person) => person.subject === subject);
}

/** The person whom a sign-in form names correctly. */
export function personByPassword(login: unknown, password: unknown): Person | undefined {
  if (password !== DEMO_PASSWORD) return undefined;
  return people.find((person) => person.email === login);
}
