/** A loss and its gradients, by our names of the variables. */
import * as tf from '@tensorflow/tfjs-core';
import { trained } from './variables.ts';

/**
 * With respect to the variables that learn. One the loss does not depend on has none and is left out. The caller
 * disposes of what it is given; all other tensors made on the way are gone.
 */
export function gradients(
  loss: () => tf.Scalar,
  variables: ReadonlyMap<string, tf.Variable>,
): { value: tf.Scalar; gradients: tf.NamedTensorMap } {
  const learning = [...trained(variables)];
  const { value, grads } = tf.tidy(() =>
    tf.engine().gradients(
      loss,
      learning.map(([, variable]) => variable),
      undefined,
      true,
    ),
  );
  // tfjs has null for a variable the loss does not depend on.
  const found = learning.flatMap(([name], i) => (grads[i] ? [[name, grads[i]] as const] : []));
  return { value, gradients: Object.fromEntries(found) };
}
