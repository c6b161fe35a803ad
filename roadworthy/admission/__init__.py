"""What is admitted: the registered value of each technical parameter, per vehicle type.

Notice 45 I.1 (its item 2) wants the parameters of driver assistance and OTA, true and complete, in the admission of
each model and in its production consistency. An upgrade is compared with these values, so nobody types its class.
"""
