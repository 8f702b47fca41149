import { edgeIngest } from './edge-ingest.ts'

/**
 * What `deno serve`, Bun and the other runtimes of this form take: a module whose default has a
 * fetch handler.
 */
const handler: { fetch(request: Request): Promise<Response> } = { fetch: edgeIngest().fetch }

export default handler
