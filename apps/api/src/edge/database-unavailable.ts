/** Prisma's words for a database that cannot be reached or is too busy to answer in time. */
const PRISMA_CODE = /^P(10\d\d|2024|2028|2034)$/;
/** Postgres: connection lost, too many, shutting down, lock or statement timeout, deadlock. */
const POSTGRES_CODE = /^(08...|53300|57P0[1-5]|55P03|57014|40001|40P01)$/;
const SOCKET_CODE = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const DRIVER_KIND =
  /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections|TransactionWriteConflict)$/;
const MESSAGE = /connection terminated|timeout exceeded when trying to connect|server closed the connection/i;
const CAUSES_MAX = 5;

/** True when the same request may succeed once the database is back: nothing was wrong with the request. */
export function isDatabaseUnavailable(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Object; depth += 1) {
    if (saysUnavailable(cause)) return true;
    cause =
      Reflect.get(cause, 'cause') ?? Reflect.get(cause, 'meta') ?? Reflect.get(cause, 'driverAdapterError');
  }
  return false;
}

function saysUnavailable(cause: object): boolean {
  const text = (name: string): string => {
    const value: unknown = Reflect.get(cause, name);
    return typeof value === 'string' ? value : '';
  };
  const codes = [text('code'), text('originalCode'), text('errorCode')];
  return (
    codes.some((code) => PRISMA_CODE.test(code) || POSTGRES_CODE.test(code) || SOCKET_CODE.test(code)) ||
    DRIVER_KIND.test(text('kind')) ||
    MESSAGE.test(text('message'))
  );
}
