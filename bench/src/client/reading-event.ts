import { encodeEvent } from '@weir/proto'

/** An event as a sensor sends it, some 200 bytes, with its data as JSON. */
export function readingEvent(): Uint8Array {
  const data = {
    celsius: 21.53,
    humidity: 47.2,
    pascal: 101_325,
    room: 'r17',
    sensor: 'alpha',
    battery: 0.87,
    ok: true,
  }
  return encodeEvent({
    $typeName: 'weir.v1.Event',
    id: '01980c5b-7e66-7cc5-9d9f-5b5b0b1b2c3d',
    type: 'climate',
    source: 'sensors/r17',
    time: { $typeName: 'google.protobuf.Timestamp', seconds: 1_769_860_800n, nanos: 123_000_000 },
    labels: {},
    traceparent: '',
    data: { case: 'json', value: JSON.stringify(data) },
  })
}
