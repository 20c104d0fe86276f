// A certified OAuth 2.0 server (npm oidc-provider) behind X's addresses. Environment: MODULES, PORT, CALLBACK.
// It insists on the exact redirect address and on PKCE, takes a code once, and rotates refresh tokens. Prints READY.
import http from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const { MODULES, PORT, CALLBACK } = process.env
const { Provider } = await import(pathToFileURL(path.join(MODULES, 'oidc-provider/lib/index.js')))

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [
    {
      client_id: 'kentongan',
      client_secret: 'rahasia',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
  ],
  scopes: ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'],
  pkce: { required: () => true },
  routes: { authorization: '/i/oauth2/authorize', token: '/2/oauth2/token', revocation: '/2/oauth2/revoke' },
  features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
  ttl: { AccessToken: 7200, AuthorizationCode: 30, RefreshToken: 3600, Session: 600, Grant: 3600, Interaction: 600 },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  cookies: { keys: ['uji'] },
})

// X's own answer to who an access token speaks for; all else is the provider's.
const whoAmI = async (request, response) => {
  const token = await provider.AccessToken.find((request.headers.authorization ?? '').replace(/^Bearer /, ''))
  response.writeHead(token ? 200 : 401, { 'content-type': 'application/json' })
  const user = token && { id: '4242', username: token.accountId, name: token.accountId }
  response.end(JSON.stringify(token ? { data: user } : { title: 'Unauthorized', status: 401 }))
}
const answer = provider.callback()
http
  .createServer((request, response) => (request.url.startsWith('/2/users/me') ? whoAmI : answer)(request, response))
  .listen(Number(PORT), '127.0.0.1', () => console.log('READY'))
