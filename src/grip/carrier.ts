/**
 * `@fanoutio/serve-grip` as the carrier of hold instructions on the routes of streams.
 *
 * serve-grip 2.0.0 must not decide about trust: it does not await its own check of `Grip-Sig`, so
 * any text passes. Therefore `SignatureVerifier` decides first, and a `Grip-Sig` that it does not
 * verify is removed from the request. serve-grip then runs with a publisher whose one client has no
 * verification key, which makes it take the mere presence of the header as the sign of a proxy.
 * `gripCarrier` returns both steps as one middleware, so that neither can be mounted without the
 * other.
 *
 * serve-grip also replaces `response.writeHead` by a function that returns nothing
 * (`response.writeHead(200).end()` throws), so it is mounted on the routes of streams only.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Channel, Publisher } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip/node';
import type { HoldInstructions } from './instructions.js';
import type { SignatureCheck, SignatureVerifier } from './signature.js';

/** A middleware for Node's own request and response, in the form that Express takes. */
export type GripMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Builds the middleware that verifies `Grip-Sig` and then provides `request.grip` and
 * `response.grip`. Afterwards `request.grip.isProxied` is true exactly when the request provably
 * came through a configured proxy.
 */
export function gripCarrier(
  signatures: Pick<SignatureVerifier, 'verify'>,
  onCheck: (check: SignatureCheck, request: IncomingMessage) => void = () => undefined,
): GripMiddleware {
  const serveGrip = new ServeGrip({ grip: new Publisher({ control_uri: 'http://not-used.invalid/' }) });
  return function verifiedServeGrip(request, response, next) {
    const { 'grip-sig': token } = request.headers;
    signatures.verify(typeof token === 'string' ? token : undefined).then((check) => {
      onCheck(check, request);
      const verified = check.kind === 'valid';
      if (!verified) delete request.headers['grip-sig'];
      serveGrip.exec(request, response, (error) => {
        if (error === undefined && request.grip?.isProxied !== verified) {
          next(new Error('serve-grip and the verifier of Grip-Sig disagree about a request'));
        } else {
          next(error);
        }
      });
    }, next);
  };
}

/**
 * Adds the instructions to a response that is not sent yet.
 *
 * @throws when the request did not come through a proxy, or was already given instructions
 */
export function instructHold(response: ServerResponse, instructions: HoldInstructions): void {
  const instruct = response.grip?.startInstruct();
  if (instruct === undefined) throw new Error('gripCarrier is not mounted on this route');
  const { channels, keepAlive, link } = instructions;
  for (const { name, prevId } of channels) instruct.addChannel(new Channel(name, prevId));
  instruct.setHoldStream();
  instruct.setKeepAlive(keepAlive.text, keepAlive.seconds);
  instruct.setNextLink(link.path, link.timeout);
}
