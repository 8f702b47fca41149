// A token server of twenty lines: who is logged in gets a token for what is theirs, for five
// minutes; the client comes again before it is over. In production sign with a private key, and let
// Weir read the public one (WEIR_JWKS_URL). To ask it: curl -H 'x-user: ann' http://127.0.0.1:8090
import { createServer } from 'node:http'
import process from 'node:process'
import { SignJWT } from 'jose'

const { WEIR_JWT_SECRET = '', PORT = '8090' } = process.env
if (WEIR_JWT_SECRET === '') throw new Error('Set WEIR_JWT_SECRET: it is jwtSecret in .weir/secrets.json.')
const key = new TextEncoder().encode(WEIR_JWT_SECRET)

createServer(async (request, response) => {
  // Here your session: a cookie, a login, a client certificate.
  const user = request.headers['x-user']
  if (typeof user !== 'string' || !/^[a-z0-9]+$/.test(user)) return response.writeHead(401).end()
  const mine = [`snippets.${user}.>`]
  const claims = { iss: 'weir', aud: 'weir', sub: user, weir: { publish: mine, subscribe: mine } }
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('5m')
  response.setHeader('cache-control', 'no-store').end(await token.sign(key))
}).listen(Number(PORT), '127.0.0.1', () => console.log('tokens at', PORT))
