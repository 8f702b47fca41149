// Whether the service in this container is fit for traffic: `healthy.ts PORT` asks its admin port,
// and `healthy.ts http://host:port` that of another, and ends with 0 or 1.

const place = process.argv[2] ?? ''
const origin = place.startsWith('http') ? place : `http://127.0.0.1:${place}`
try {
  const answer = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2_000) })
  process.exit(answer.ok ? 0 : 1)
} catch {
  process.exit(1)
}
