// Owns talking to a real API server as a test's administrator: objects, and questions about rights.
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { collectionPath, objectPath, type KubeObject, type KubeReference } from './kube-object.ts';

const DEADLINE_MS = 30_000;
const NOT_FOUND = 404;

/** Where an API server is, and who asks it. */
export interface KubeAccess {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What a SubjectAccessReview asks; exactly one of the two kinds of attributes. */
export interface ReviewSpec {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly resourceAttributes?: {
    readonly verb: string;
    readonly group: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string;
    readonly name: string;
  };
  readonly nonResourceAttributes?: { readonly verb: string; readonly path: string };
}

export type Review =
  | { readonly kind: 'decided'; readonly isAllowed: boolean }
  /** Validation did not let the question in: a 4xx, no decision. */
  | { readonly kind: 'refused'; readonly message: string };

/** The API server answered otherwise than was hoped for. */
export class KubeRefusal extends Error {
  override readonly name = 'KubeRefusal';
  readonly status: number;

  constructor(what: string, { status, body }: KubeAnswer) {
    super(`${what}: ${status} ${messageOf(body)}`);
    this.status = status;
  }
}

/** Keep-alive connections to one API server; close() ends them. */
export class KubeClient {
  readonly #access: KubeAccess;
  readonly #agent: https.Agent;

  /** `connections`: how many requests may be under way at once; the others wait. */
  constructor(access: KubeAccess, connections = 16) {
    this.#access = access;
    this.#agent = new https.Agent({ keepAlive: true, maxSockets: connections, ca: access.ca });
  }

  /** Makes the object; resolves with it as it is stored. Rejects with KubeRefusal. */
  async create(object: KubeObject): Promise<KubeObject> {
    return stored(
      `create ${nameOf(object)}`,
      await this.ask('POST', collectionPath(object), object),
    );
  }

  /** Puts the object in the place of the one that is there, whatever its version. Rejects with KubeRefusal. */
  async replace(object: KubeObject): Promise<KubeObject> {
    return stored(`replace ${nameOf(object)}`, await this.ask('PUT', objectPath(object), object));
  }

  /** Merges the change into the object (RFC 7396). Rejects with KubeRefusal. */
  async patch(reference: KubeReference, change: unknown): Promise<KubeObject> {
    const path = objectPath(reference);
    const type = 'application/merge-patch+json';
    return stored(`patch ${nameOf(reference)}`, await this.ask('PATCH', path, change, type));
  }

  /** Deletes the object; one that is not there is no error. Rejects with KubeRefusal. */
  async remove(reference: KubeReference): Promise<void> {
    const answer = await this.ask('DELETE', objectPath(reference));
    if (answer.status === NOT_FOUND) return;
    if (!isSuccess(answer)) throw new KubeRefusal(`delete ${nameOf(reference)}`, answer);
  }

  /** The object, or undefined. Rejects with KubeRefusal. */
  async read(reference: KubeReference): Promise<KubeObject | undefined> {
    const answer = await this.ask('GET', objectPath(reference));
    return answer.status === NOT_FOUND ? undefined : stored(`get ${nameOf(reference)}`, answer);
  }

  /** All objects of a collection, such as `/apis/rbac.authorization.k8s.io/v1/roles`. */
  async list(path: string): Promise<readonly KubeObject[]> {
    const answer = await this.ask('GET', path);
    if (!isSuccess(answer)) throw new KubeRefusal(`list ${path}`, answer);
    return (answer.body as { items: readonly KubeObject[] }).items;
  }

  /** Asks a SubjectAccessReview. Rejects when there is neither a decision nor a refusal. */
  async review(spec: ReviewSpec): Promise<Review> {
    const answer = await this.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec,
    });
    if (answer.status === 400 || answer.status === 422) {
      return { kind: 'refused', message: messageOf(answer.body) };
    }
    if (!isSuccess(answer)) throw new KubeRefusal('SubjectAccessReview', answer);
    const { status } = answer.body as { status: { allowed: unknown; denied?: unknown } };
    if (typeof status.allowed !== 'boolean' || status.denied === true) {
      throw new Error(`RBAC never answers a review so: ${JSON.stringify(status)}`);
    }
    return { kind: 'decided', isAllowed: status.allowed };
  }

  /** One exchange; whatever the status, it resolves. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<KubeAnswer> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#exchange(method, path, { content, type });
    return { status: answer.statusCode ?? 0, body: parsed(await text(answer)) };
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(
    method: string,
    path: string,
    { content, type }: { readonly content: string | undefined; readonly type: string },
  ): Promise<IncomingMessage> {
    const { url, token } = this.#access;
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      const options = { method, agent: this.#agent, headers, timeout: DEADLINE_MS };
      const request = https.request(`${url}${path}`, options, resolve);
      request.on('timeout', () => {
        request.destroy(new Error(`${method} ${path}: silent for ${DEADLINE_MS} ms`));
      });
      request.on('error', reject);
      request.end(content);
    });
  }
}

function stored(what: string, answer: KubeAnswer): KubeObject {
  if (!isSuccess(answer)) throw new KubeRefusal(what, answer);
  return answer.body as KubeObject;
}

function isSuccess({ status }: KubeAnswer): boolean {
  return status >= 200 && status < 300;
}

function nameOf({ kind, metadata: { namespace, name } }: KubeReference): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Some answers are plain text: `/readyz`, and what fails before an object is looked at. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  return String(body).slice(0, 500);
}
