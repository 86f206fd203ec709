/** Entry of the engine process: serves the contract over the process channel until its parent is gone. */
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { decodeWith } from "../inputs/video/view-frame";
import { decoderContract, engineContract, engineNotifications } from "../shared/protocol";
import { caller, notify, serve } from "../shared/rpc";
import { Engine } from "./engine";

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const engine = new Engine((phases) => notify(connection, engineNotifications, "progress", { phases }));
serve(connection, engineContract, engine.handlers);
decodeWith(caller(connection, decoderContract).decodeFrame);
connection.onError(([error]) => console.error(error.message));
process.on("disconnect", () => process.exit(0));
connection.listen();
