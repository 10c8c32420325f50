/* SHEAF_I_WIDE: compiles a loop for wider vector units too; the loader picks. Only for loops whose steps do not depend
   on each other (no sums across steps, no fused multiply-add): every version then gives the same bytes. Not with
   ThreadSanitizer: its calls in the resolvers run before it is loaded, and crash. */
#ifndef SHEAF_CLUSTER_WIDE_H
#define SHEAF_CLUSTER_WIDE_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__) && \
    !defined(__SANITIZE_THREAD__)
#define SHEAF_I_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define SHEAF_I_WIDE
#endif

#endif
