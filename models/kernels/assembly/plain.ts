/** Dense layers, batch normalisation and pooling, a block of rows at a time. See docs/notes/dense-kernels.md. */
export { addNormSums, addSquares, addSums, affine, normBack } from './channels';
export { addWeights, finishWeights, multiply, packedBytes, packPanels, scratchBytes, weightSums } from './dense';
export { pool, poolGradient } from './pooling';
