sheaf_test(cluster SOURCES test_cluster_judged.c test_cluster_kmeans.c test_cluster_scores.c)
