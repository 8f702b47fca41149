import { type Identity, requestToken, type Verifier } from '@weir/mesh'

/** Who asks. Throws `unauthenticated` or `token_expired`. */
export async function identify(request: Request, verifier: Verifier): Promise<Identity> {
  return await verifier.verify(requestToken(request.headers.get('authorization')))
}
