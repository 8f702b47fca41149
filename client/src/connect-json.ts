import { jsonCodec } from './session/json-codec.ts'
import { type ConnectOptions, openWeir, surroundingsOf, type Weir } from './weir.ts'

/**
 * As `connect` of `@weir/client`, by frames that people can read in the developer tools of a
 * browser. Throws WeirError `invalid` for options that cannot work.
 */
export function connect(options: ConnectOptions): Weir {
  return openWeir(options, surroundingsOf(options), jsonCodec)
}
