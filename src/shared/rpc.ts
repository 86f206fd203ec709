/**
 * Typed calls over `vscode-jsonrpc`, the one transport of both links (engine ↔ client over the process channel,
 * host ↔ webview over `postMessage`). Objects pass by structured clone. What comes in is checked against its
 * schema; what is thrown crosses as a code with details (`ErrorReport`).
 */
import {
  type CancellationToken,
  type Disposable,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc";
import type { z } from "zod";
import { AttentionError, errorReportSchema } from "./errors";

export interface RequestDefinition<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly params: P;
  readonly result: R;
}
export type Contract = Readonly<Record<string, RequestDefinition>>;
export type Notifications = Readonly<Record<string, z.ZodType>>;

export function request<P extends z.ZodType, R extends z.ZodType>(
  params: P,
  result: R,
): RequestDefinition<P, R> {
  return { params, result };
}

export type Handlers<C extends Contract> = {
  [K in keyof C]: (
    params: z.output<C[K]["params"]>,
    token: CancellationToken,
  ) => Promise<z.output<C[K]["result"]>> | z.output<C[K]["result"]>;
};
export type Caller<C extends Contract> = {
  [K in keyof C]: (
    params: z.output<C[K]["params"]>,
    token?: CancellationToken,
  ) => Promise<z.output<C[K]["result"]>>;
};

function check<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AttentionError("badMessage", `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim(), {
    where,
  });
}

/** Answer the requests of a contract. Every request gets a reply or an error with a code. */
export function serve<C extends Contract>(
  connection: MessageConnection,
  contract: C,
  handlers: Handlers<C>,
): void {
  for (const method of Object.keys(contract)) {
    const definition = contract[method] as RequestDefinition;
    const handler = handlers[method] as (params: unknown, token: CancellationToken) => unknown;
    connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
      try {
        return await handler(check(definition.params, params, method), token);
      } catch (error) {
        const wrapped = AttentionError.wrap(error);
        return new ResponseError(ErrorCodes.InternalError, wrapped.message, wrapped.report());
      }
    });
  }
}

/** Call the requests of a contract. Rejects with `AttentionError`; a lost connection rejects with `lost()`. */
export function caller<C extends Contract>(
  connection: MessageConnection,
  contract: C,
  lost: () => AttentionError = () => new AttentionError("cancelled"),
): Caller<C> {
  const calls: Record<string, (params: unknown, token?: CancellationToken) => Promise<unknown>> = {};
  for (const [method, definition] of Object.entries(contract)) {
    calls[method] = async (params, token) => {
      let result: unknown;
      try {
        result = await (token === undefined
          ? connection.sendRequest(method, params)
          : connection.sendRequest(method, params, token));
      } catch (error) {
        if (error instanceof ResponseError) {
          const report = errorReportSchema.safeParse(error.data);
          if (report.success) throw AttentionError.from(report.data);
          if (error.code !== ErrorCodes.PendingResponseRejected) throw AttentionError.wrap(error);
        }
        throw lost();
      }
      return check(definition.result, result, method);
    };
  }
  return calls as Caller<C>;
}

/** Listen to a notification; one that does not fit its schema is reported to `refused`, not to `handler`. */
export function listen<N extends Notifications, K extends keyof N & string>(
  connection: MessageConnection,
  notifications: N,
  name: K,
  handler: (params: z.output<N[K]>) => void,
  refused: (error: AttentionError) => void,
): Disposable {
  return connection.onNotification(name, (params: unknown) => {
    let checked: z.output<N[K]>;
    try {
      checked = check(notifications[name] as N[K], params, name);
    } catch (error) {
      refused(AttentionError.wrap(error));
      return;
    }
    handler(checked);
  });
}

/** Send a notification of a contract. */
export function notify<N extends Notifications, K extends keyof N & string>(
  connection: MessageConnection,
  _notifications: N,
  name: K,
  params: z.output<N[K]>,
): void {
  void connection.sendNotification(name, params).catch(() => undefined);
}
