/** Dense layers, batch normalisation, pooling and rows of batches, a block of rows at a time. See docs/notes/dense-kernels.md. */
export { addNormSums, addSquares, addSums, affine, normBack } from './channels';
export { addWeights, finishWeights, multiply, packedBytes, packPanels, scratchBytes, weightSums } from './dense';
export { pool, poolGradient } from './pooling';
export { scaleAll, scaleSome } from './records';
