// Owns asking the gateway whom an access token stands for.
import { fetchProtectedResource, type Configuration } from 'openid-client';
import { fieldsOf } from '../kernel/fields.ts';
import { printable, serverFault } from './server-fault.ts';

const USER_INFO_PATH = '/oauth2/userinfo';

/**
 * The user's name, fit for a terminal: somebody else's would mean that another person answered in the
 * browser (RFC 9700 section 2.1). Undefined where the gateway does not say.
 */
export async function signedInUser(
  server: Configuration,
  accessToken: string,
): Promise<string | undefined> {
  const url = new URL(USER_INFO_PATH, server.serverMetadata().issuer);
  try {
    const answer = await fetchProtectedResource(server, accessToken, url, 'GET');
    const { user } = fieldsOf(await answer.json().catch(() => undefined));
    return answer.ok && typeof user === 'string' ? printable(user) : undefined;
  } catch (error) {
    serverFault(error);
    return undefined;
  }
}
