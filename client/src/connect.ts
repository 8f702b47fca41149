import { protobufCodec } from './session/protobuf-codec.ts'
import { type ConnectOptions, openWeir, surroundingsOf, type Weir } from './weir.ts'

/**
 * Throws WeirError `invalid` for options that cannot work. Nothing is opened before the first
 * subscription.
 */
export function connect(options: ConnectOptions): Weir {
  return openWeir(options, surroundingsOf(options), protobufCodec)
}
