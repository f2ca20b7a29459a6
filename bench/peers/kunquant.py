"""KunQuant on the same panels as `evolve bench`: one thread, float32, window 20, time-major arrays.

    pip install KunQuant numpy && python bench/peers/kunquant.py

Needs a C++ compiler. Prints the fastest and the median milliseconds of seven runs; run it beside
`evolve bench` on an otherwise idle machine and compare ratios to the copy.
"""
import time

import numpy as np
from KunQuant.Driver import KunCompilerConfig
from KunQuant.jit import cfake
from KunQuant.Op import Builder, Input, Output, Rank
from KunQuant.ops import *
from KunQuant.runner import KunRunner as kr
from KunQuant.Stage import Function

w=20
ops = {
 'add': lambda x,y: Add(x,y), 'ts_mean': lambda x,y: WindowedAvg(x,w), 'ts_std': lambda x,y: WindowedStddev(x,w),
 'ts_corr': lambda x,y: WindowedCorrelation(x,w,y), 'ts_cov': lambda x,y: WindowedCovariance(x,w,y),
 'ts_skew': lambda x,y: WindowedSkew(x,w), 'ts_kurt': lambda x,y: WindowedKurt(x,w), 'ts_max': lambda x,y: WindowedMax(x,w),
 'idx_max': lambda x,y: TsArgMax(x,w), 'ts_decaylinear': lambda x,y: DecayLinear(x,w), 'ts_rank': lambda x,y: TsRank(x,w), 'cs_rank': lambda x,y: Rank(x),
}
def build(name,fn):
    b=Builder()
    with b:
        x=Input('x'); y=Input('y')
        Output(fn(x,y),'out')
    return (name, Function(b.ops), KunCompilerConfig(input_layout="TS", output_layout="TS"))
lib = cfake.compileit([build(n,f) for n,f in ops.items()], "kqlib", cfake.CppCompilerConfig())
ex = kr.createSingleThreadExecutor()
for T,N in [(1250,512),(2430,4096)]:
    rng=np.random.default_rng(0)
    x=(rng.random((T,N),dtype=np.float32)*100); y=(rng.random((T,N),dtype=np.float32)*100)
    o=np.empty((T,N),np.float32)
    def t(f,n):
        f(); f(); r=[]
        for _ in range(n):
            a=time.perf_counter(); f(); r.append((time.perf_counter()-a)*1e3)
        return min(r), sorted(r)[len(r)//2]
    print(T,N,'copy %.3f %.3f'%t(lambda: np.copyto(o,x),15))
    for n in ops:
        m=lib.getModule(n)
        inp={'x':x,'y':y}
        try:
            out={'out':o}
            print(n.ljust(16),'%.3f %.3f'%t(lambda: kr.runGraph(ex,m,inp,0,T,out),7))
        except Exception as e: print(n,'failed',e)
