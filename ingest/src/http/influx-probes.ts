import { Hono } from 'hono'

/**
 * What clients of InfluxDB ask before they write, without a token: whether somebody is there, and
 * of which version. Telegraf takes lines by what it is told.
 */
export function influxProbes(): Hono {
  const app = new Hono()
  app.on(['GET', 'HEAD'], '/ping', ({ req, body, json }) => {
    const verbose = req.query('verbose')
    return verbose === undefined || verbose === '0' || verbose === 'false'
      ? body(null, 204, versionHeaders)
      : json({ version: VERSION }, 200, versionHeaders)
  })
  app.get('/health', ({ json }) =>
    json({ name: 'influxdb', message: 'ready for writes', status: 'pass', checks: [], version: VERSION }),
  )
  return app
}

/** Senders choose by it what they send: lines of 1.8 and 2 are the same. */
const VERSION = '1.8.10'
const versionHeaders = { 'x-influxdb-version': VERSION, 'x-influxdb-build': 'weir' }
