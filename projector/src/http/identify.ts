import { bearerToken, type Identity, type Verifier } from '@weir/mesh'
import { WeirError } from '@weir/proto'

/** Who asks. Throws `unauthenticated` or `token_expired`. */
export async function identify(request: Request, verifier: Verifier): Promise<Identity> {
  const token = bearerToken(request.headers.get('authorization'))
  if (token === undefined) {
    throw new WeirError('unauthenticated', 'Send a token: `Authorization: Bearer <token>`.')
  }
  return await verifier.verify(token)
}
