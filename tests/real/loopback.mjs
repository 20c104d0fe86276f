// Preloaded into every server here: one that names only a port would listen on all interfaces.
import { Server } from 'node:net'

const HERE = '127.0.0.1'
const listen = Server.prototype.listen

Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'number') {
    if (typeof rest[0] !== 'string') rest = [HERE, ...rest.filter((each) => typeof each === 'function')]
  } else if (first && typeof first === 'object' && 'port' in first && !first.host) {
    first = { ...first, host: HERE }
  }
  return listen.call(this, first, ...rest)
}
