sheaf_test(topic SOURCES test_topic_names.c)
